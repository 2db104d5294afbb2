#ifndef INKAN_CA_LOG_NOTE_H
#define INKAN_CA_LOG_NOTE_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>

/*
 * Signed notes (C2SP signed-note): a text, and lines with the signatures of
 * those who stand for it. Checkpoints of the log are notes, and so is what
 * operators sign when they approve a request or take part in a ceremony.
 *
 * A public key travels as one line, the «verifier key»:
 *
 *     <name>+<key id, 8 hex digits>+<base64 of type octet and key>
 *
 * Types: 0x01 Ed25519 (32 octets of key); 0x02 ECDSA with SHA-256 on P-256,
 * P-384 or P-521 (key: DER SubjectPublicKeyInfo; its id is the start of that
 * DER's SHA-256); 0x04 Ed25519 cosignature with a time (C2SP tlog-cosignature).
 * A name has no spaces and no plus, and 1 to 255 octets of printable UTF-8.
 *
 * A note is UTF-8 without control characters other than the line end.
 */

#define NOTE_NAME_MAX 256
#define NOTE_VKEY_MAX 1024
#define NOTE_MAX 65536		/* octets of a note; more is refused */
#define NOTE_SIGNATURES_MAX 32

enum note_type {
	NOTE_ED25519 = 1, NOTE_ECDSA = 2, NOTE_COSIGNATURE = 4
};

struct note_key {		/* a public key, and who it belongs to */
	char name[NOTE_NAME_MAX];
	uint32_t id;
	enum note_type type;
	EVP_PKEY *pkey;		/* the public half alone, in software */
};

/* From a private or public key, which stays the caller's: type by the key
   (${type} 0), or NOTE_COSIGNATURE asked for. 1, or 0 raised ("note.name: ...",
   "note.key: ..." for a kind of key that notes do not have). Freed with
   note_key_clear(), which takes a zeroed one too. */
int note_key_set(struct note_key *k, const char *name, EVP_PKEY *pkey,
    int type);
/* ${vkey} is the line without its end. */
int note_key_parse(struct note_key *k, const char *vkey);
/* Into out[size]; NOTE_VKEY_MAX is enough for every key. 1, or 0 raised. */
int note_key_print(const struct note_key *k, char *out, size_t size);
void note_key_clear(struct note_key *k);

struct note_signature {
	char name[NOTE_NAME_MAX];
	uint32_t id;
	const unsigned char *sig;	/* into the note's memory */
	size_t len;
};

struct note {
	char *text;		/* with its final newline, NUL terminated */
	size_t text_len;
	struct note_signature sig[NOTE_SIGNATURES_MAX];
	size_t n;
	unsigned char *octets;	/* what signatures point into */
};

/* ${in} is a whole note. 1, or 0 raised ("note.format: ..."). note_clear(). */
int note_parse(struct note *n, const char *in, size_t len);
void note_clear(struct note *n);
/* 1 a signature of ${key} is there and holds (of a cosignature: its time in
   *when, the latest if there are more; else 0; ${when} may be NULL); 0 there is
   none, nothing raised; -1 there is one and it does not hold: raised
   ("note.signature: ..."). */
int note_verify(const struct note *n, const struct note_key *key,
    int64_t *when);

/* One signature line, with its end, over ${text} (with its final newline), from
   the private key ${pkey} whose public half is ${key}'s; ${when} is the time of
   a cosignature. What was signed is verified with ${key} before it is given
   away. Freed with OPENSSL_free(); NULL raised. */
char *note_sign(const char *text, const struct note_key *key, EVP_PKEY *pkey,
    int64_t when);
/* text, blank line, lines. Freed with OPENSSL_free(); NULL raised. */
char *note_join(const char *text, const char *const *lines, size_t n);
/* Adds the lines of ${more}, a note of the very same text, whose key (name and
   id) has no line in ${note} yet: what witnesses send again does not make it
   grow. Freed with OPENSSL_free(); NULL raised ("note.text: ..."). Verifies
   nothing. */
char *note_merge(const char *note, const char *more);

#endif
