#ifndef INKAN_CA_LOG_BASE64_H
#define INKAN_CA_LOG_BASE64_H

#include <stddef.h>

/* Base64 of RFC 4648, section 4, as notes and proofs write it: with padding,
   and of each value one form only. Pure functions; none of them raises. */

/* Room that ${n} octets take, with the NUL. */
#define LOG_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Into out[LOG_BASE64_SIZE(len)]; returns ${out}. */
char *log_base64_print(const void *in, size_t len, char *out);

/* The octets of in[len] into out[size]. 1 with *out_len, or 0: not base64
   (blanks and line ends are none of it), bits behind the last octet that are
   not zero, or no room. Nothing at all is not base64 either. */
int log_base64_parse(const char *in, size_t len, unsigned char *out,
    size_t size, size_t *out_len);

#endif
