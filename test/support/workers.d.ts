/**
 * The part of the Workers runtime that src/ uses, for tests that import from it: the types of the
 * two worlds exclude each other.
 */
declare class IdentityTransformStream extends TransformStream<Uint8Array, Uint8Array> {}
declare class FixedLengthStream extends IdentityTransformStream {
  constructor(length: number)
}
