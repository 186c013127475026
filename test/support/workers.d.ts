/** What src/ uses of the Workers runtime, for tests that import from it: the types of the two worlds exclude each other. */
declare class IdentityTransformStream extends TransformStream<Uint8Array, Uint8Array> {}
declare class FixedLengthStream extends IdentityTransformStream {
  constructor(length: number)
}
