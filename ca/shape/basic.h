#ifndef INKAN_CA_SHAPE_BASIC_H
#define INKAN_CA_SHAPE_BASIC_H

/*
 * The Authorization header (RFC 7617). Reads only; whether user and secret are
 * right is for inkan-ca to say.
 */

#define BASIC_USER_MAX 128
#define BASIC_SECRET_MAX 256

struct basic {
	char user[BASIC_USER_MAX + 1];
	char secret[BASIC_SECRET_MAX + 1];
};

enum basic_result {
	BASIC_NONE = 0, /* no header, or another scheme */
	BASIC_GIVEN = 1,
	BASIC_MALFORMED = -1 /* not base64, no colon, too long, not UTF-8,
				control characters, empty user */
};

/* ${header} is the value of Authorization or NULL. On BASIC_GIVEN ${out} holds
   a secret: basic_clear() it. In all other cases it is already wiped. */
enum basic_result basic_parse(const char *header, struct basic *out);
void basic_clear(struct basic *b);

#endif
