#ifndef INKAN_CA_ENGINE_WIPE_H
#define INKAN_CA_ENGINE_WIPE_H

/*
 * OpenSSL encodes a private key through buffers of its own that it frees without
 * wiping them (EC_PRIVATEKEY, the octets below EVP_PKEY2PKCS8()). With its
 * allocator replaced by ours, everything that a thread frees between
 * wipe_begin() and wipe_end() is overwritten first. Outside of that it costs one
 * look at a variable of the thread.
 */

/* Once, in main(), before OpenSSL has allocated anything. 1; 0 when it is too late
   (nothing raised): then nothing is wiped but what its owner wipes. */
int wipe_install(void);

/* They nest. For the calling thread. */
void wipe_begin(void);
void wipe_end(void);

#endif
