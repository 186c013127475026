using System.ClientModel;
using System.ComponentModel;
using System.Security.Claims;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Hosting;
using Microsoft.Agents.AI.Hosting.AGUI.AspNetCore;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

var builder = WebApplication.CreateBuilder(args);
var key = builder.Configuration["OPENAI_API_KEY"] ?? throw new InvalidOperationException("OPENAI_API_KEY is not set.");
builder.Services.AddHttpContextAccessor();
builder.Services.AddAGUIServer();
builder.Services.AddAuthorization();
builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
{
    options.Authority = builder.Configuration["JwtAuthority"];
    options.Audience = builder.Configuration["JwtAudience"];
    options.RequireHttpsMetadata = !builder.Environment.IsDevelopment();
    // The assertion is valid for one minute. By default, .NET would accept it for five more
    // minutes.
    options.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(10);
});
// Sessions belong to the user, even if two users name the same thread.
builder.Services.UseClaimsBasedAgentIsolation();
builder.AddAIAgent("support", (services, name) =>
{
    var caller = services.GetRequiredService<IHttpContextAccessor>();

    [Description("Looks up an account of the signed-in user.")]
    object GetAccountData(string accountId)
    {
        var user = caller.HttpContext?.User;
        return new
        {
            accountId,
            userId = user?.FindFirstValue(ClaimTypes.NameIdentifier),
            isAdmin = user?.IsInRole("admin") ?? false,
        };
    }

    var openAi = new OpenAIClient(
        new ApiKeyCredential(key),
        new OpenAIClientOptions { Endpoint = new Uri(builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1") });
    return openAi.GetChatClient(builder.Configuration["OPENAI_MODEL"] ?? "gpt-4o-mini").AsAIAgent(
        name: name,
        instructions: "You answer questions about the user's account. Look it up before you answer.",
        tools: [AIFunctionFactory.Create(GetAccountData, name: "get_account_data")]);
}).WithInMemorySessionStore();

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapAGUIServer("support", "/").RequireAuthorization();
app.Run();
