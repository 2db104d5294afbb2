#ifndef INKAN_OCSP_REPLY_H
#define INKAN_OCSP_REPLY_H

#include <stddef.h>
#include <time.h>
#include <openssl/evp.h>

/*
 * Octets to be sent, with what HTTP must say about them: an OCSP answer, a
 * CRL, a certificate. Immutable once made, counted, shared between threads.
 */

#define REPLY_ETAG_LEN 66 /* quote, 64 hex digits, quote */
#define REPLY_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct reply {
	unsigned char *data;
	size_t len;
	const char *type;  /* media type, static */
	int store;	   /* caches may keep it; else no-store */
	time_t modified;   /* OCSP: thisUpdate = producedAt */
	time_t expires;	   /* nextUpdate; 0: it has no end */
	time_t refresh_at; /* from here on a newer one is wanted: the end
			      of max-age; 0: none */
	long age_max;	   /* bound of max-age in seconds; 0: none. Set by
			      the maker before others see the reply */
	int immutable;	   /* it never changes: need not be asked for again */
	int once;	   /* made for one request; likewise */
	unsigned char about_issuer, about_status; /* of a signed answer, for
				the counters: ocsp/counters.h */
	char etag[REPLY_ETAG_LEN + 1];
	char last_modified[REPLY_DATE_LEN + 1];
	char expires_date[REPLY_DATE_LEN + 1]; /* "" without end */
};

#define REPLY_TYPE_OCSP "application/ocsp-response"
#define REPLY_TYPE_CRL "application/pkix-crl"
#define REPLY_TYPE_CERT "application/pkix-cert"
#define REPLY_TYPE_TEXT "text/plain; charset=utf-8"
#define REPLY_TYPE_OCTETS "application/octet-stream"

/* ${data} is given (OPENSSL_malloc), also on failure. Returned with one
   reference, to be released with reply_free(); NULL: out of memory. */
struct reply *reply_new(unsigned char *data, size_t len, const char *type);
/* Something that caches may keep; fills the tag and the dates. */
struct reply *reply_new_stored(unsigned char *data, size_t len,
    const char *type, time_t modified, time_t expires, time_t refresh_at);
/* The same for octets of which there are many alike: all but the tag is taken
   from ${model}. ${sha256} was fetched: to look it up each time costs more than
   the hash. */
struct reply *reply_new_like(unsigned char *data, size_t len,
    const struct reply *model, const EVP_MD *sha256);
struct reply *reply_up_ref(struct reply *reply);
void reply_free(struct reply *reply); /* NULL is fine */

/* max-age at ${now}, RFC 9919 7.2: now + n lies before nextUpdate, and while
   the answer is fresh at the moment when a newer one will be made. Without an
   end it is age_max. */
long reply_max_age(const struct reply *reply, time_t now);

/* Does a conditional request (RFC 9110 13) end in 304? Either header may be
   NULL; If-None-Match goes before If-Modified-Since. */
int reply_not_modified(const struct reply *reply, const char *if_none_match,
    const char *if_modified_since);

/* IMF-fixdate of ${t} into REPLY_DATE_LEN + 1 octets. */
void reply_date(time_t t, char *out);

#endif
