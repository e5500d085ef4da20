// What the mesh needs of cryptography, as a port: Node and browsers have it under different names.

export interface MeshCrypto {
  /** Unpredictable bytes. */
  random(length: number): Uint8Array<ArrayBuffer>;
  /** HMAC-SHA-256: 32 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array>;
  /** SHA-256: 32 bytes. */
  sha256(data: Uint8Array): Promise<Uint8Array>;
}
