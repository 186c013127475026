using System.ClientModel;
using System.ComponentModel;
using System.Security.Claims;
using Microsoft.Agents.AI;
using Microsoft.Agents.AI.Hosting.AGUI.AspNetCore;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHttpContextAccessor();
builder.Services.AddAGUIServer();
builder.Services.AddAuthorization();
builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
{
    options.Authority = builder.Configuration["JwtAuthority"];
    options.Audience = builder.Configuration["JwtAudience"];
    options.RequireHttpsMetadata = !builder.Environment.IsDevelopment();
});

var app = builder.Build();
var caller = app.Services.GetRequiredService<IHttpContextAccessor>();

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
    new ApiKeyCredential(app.Configuration["OPENAI_API_KEY"]!),
    new OpenAIClientOptions { Endpoint = new Uri(app.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1") });

AIAgent agent = openAi.GetChatClient(app.Configuration["OPENAI_MODEL"] ?? "gpt-4o-mini").AsAIAgent(
    name: "support",
    instructions: "You answer questions about the user's account. Look it up before you answer.",
    tools: [AIFunctionFactory.Create(GetAccountData, name: "get_account_data")]);

app.UseAuthentication();
app.UseAuthorization();
app.MapAGUIServer("/", agent).RequireAuthorization();
app.Run();
