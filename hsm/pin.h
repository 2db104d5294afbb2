#ifndef INKAN_HSM_PIN_H
#define INKAN_HSM_PIN_H

#include <stddef.h>

/*
 * PINs: where they come from, and the rule that a wrong one is tried once.
 *
 * A PIN is read from a file with mode 0600 or stricter that belongs to the
 * process's user (or root), from $CREDENTIALS_DIRECTORY/NAME where the
 * configuration says credential NAME, or from the terminal. It is never taken
 * from the command line or from an environment variable.
 *
 * A credential may have mode 0440 or 0640 too: systemd hands it over by an ACL,
 * whose mask is shown as the group's bits.
 *
 * After CKR_PIN_INCORRECT the same PIN is not tried again until its source has
 * changed. That is remembered over restarts in a small state file (mode 0600):
 * it holds the token's serial number and a salted, slow hash of the PIN
 * source's identity (path, inode, size, mtime) - never the PIN, nor a fast hash
 * of it. A credential is a new file at each start of the service, so its
 * identity is its name and text; that goes through scrypt (32 MiB) and nowhere
 * else. What is typed at a terminal is new each time and not remembered. The
 * state file is written before each try: where that fails, or it is damaged, no
 * PIN is tried at all. A crash between the try and the note costs one try more.
 *
 * What this does not do: it does not know of tries made by other programs on
 * the same token. CKF_USER_PIN_FINAL_TRY is honoured by hsm_open(): a token
 * that has one try left is not logged in to.
 */

#define HSM_PIN_MAX 255 /* octets, without the final NUL */
#define HSM_EXIT_PIN                                                           \
	75 /* exit status of a program that stops because                      \
	      of a PIN: for RestartPreventExitStatus= */

enum hsm_pin_kind {
	HSM_PIN_NONE,
	HSM_PIN_FILE,
	HSM_PIN_CREDENTIAL,
	HSM_PIN_TTY
};

struct hsm_pin_source {
	enum hsm_pin_kind kind;
	const char *name;  /* path, or credential name; borrowed */
	const char *state; /* path of the state file, or NULL: a wrong PIN
			      is then remembered for this process only */
};

/*
 * Read the PIN into ${pin} (HSM_PIN_MAX + 1 octets, NUL-terminated, one
 * trailing line break removed). Returns 1, or 0 with HSM_E_PIN raised: file
 * missing, mode wider than 0600, foreign owner, empty, too long. The caller
 * wipes ${pin} with OPENSSL_cleanse in the same function.
 */
int hsm_pin_read(const struct hsm_pin_source *src, const char *token_label,
    char *pin, size_t *out_len);

/*
 * May the PIN of ${src} be tried on the token with ${serial}? Returns 1 for
 * yes, 0 with HSM_E_PIN raised when this very PIN was refused before, or a
 * refusal could not be written down.
 */
int hsm_pin_may_try(const struct hsm_pin_source *src, const char *serial);

/* Remember that the PIN was refused (${ok} 0) or accepted (${ok} 1). 1, or 0
   raised: only this process remembers. */
int hsm_pin_remember(
    const struct hsm_pin_source *src, const char *serial, int ok);

#endif
