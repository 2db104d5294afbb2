#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ocsp/error.h"
#include "ocsp/reply.h"

/* The count lies behind the public part: nobody outside touches it. */
struct counted {
	struct reply reply;
	atomic_uint refs;
};

void
reply_date(time_t t, char *out)
{
	static const char days[7][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&t, &tm);
	/* The remainders bound the fields for the compiler; no locale. */
	snprintf(out, REPLY_DATE_LEN + 1, "%s, %02u %s %04u %02u:%02u:%02u GMT",
	    days[(unsigned)tm.tm_wday % 7], (unsigned)tm.tm_mday % 100,
	    months[(unsigned)tm.tm_mon % 12],
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

static int
set_etag(struct reply *reply, const EVP_MD *sha256)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[32];
	unsigned len = 0;
	size_t i;
	char *p = reply->etag;

	if (EVP_Digest(reply->data, reply->len, md, &len, sha256, NULL) != 1)
		return 0;
	*p++ = '"';
	for (i = 0; i < sizeof(md); i++) {
		*p++ = hex[md[i] >> 4];
		*p++ = hex[md[i] & 15];
	}
	*p++ = '"';
	*p = '\0';
	return 1;
}

struct reply *
reply_new(unsigned char *data, size_t len, const char *type)
{
	struct counted *c = OPENSSL_zalloc(sizeof(*c));

	if (c == NULL) {
		OPENSSL_free(data);
		return NULL;
	}
	c->reply.data = data;
	c->reply.len = len;
	c->reply.type = type;
	atomic_init(&c->refs, 1);
	return &c->reply;
}

struct reply *
reply_new_stored(unsigned char *data, size_t len, const char *type,
    time_t modified, time_t expires, time_t refresh_at)
{
	struct reply *reply = reply_new(data, len, type);

	if (reply == NULL)
		return NULL;
	reply->store = 1;
	reply->modified = modified;
	reply->expires = expires;
	reply->refresh_at = refresh_at;
	reply_date(modified, reply->last_modified);
	if (expires != 0)
		reply_date(expires, reply->expires_date);
	if (!set_etag(reply, EVP_sha256())) {
		reply_free(reply);
		return NULL;
	}
	return reply;
}

struct reply *
reply_new_like(unsigned char *data, size_t len, const struct reply *model,
    const EVP_MD *sha256)
{
	struct counted *c = OPENSSL_malloc(sizeof(*c));

	if (c == NULL) {
		OPENSSL_free(data);
		return NULL;
	}
	c->reply = *model;
	c->reply.data = data;
	c->reply.len = len;
	atomic_init(&c->refs, 1);
	if (!set_etag(&c->reply, sha256)) {
		reply_free(&c->reply);
		return NULL;
	}
	return &c->reply;
}

struct reply *
reply_up_ref(struct reply *reply)
{
	atomic_fetch_add_explicit(
	    &((struct counted *)reply)->refs, 1, memory_order_relaxed);
	return reply;
}

void
reply_free(struct reply *reply)
{
	struct counted *c = (struct counted *)reply;

	if (reply == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	OPENSSL_free(reply->data);
	OPENSSL_free(c);
}

long
reply_max_age(const struct reply *reply, time_t now)
{
	long n = 0;

	if (reply->refresh_at > now)
		n = (long)(reply->refresh_at - now);
	/* Late: a newer one could not be made yet. Half of what is left keeps
	   caches from holding on to the very end. */
	else if (reply->expires > now)
		n = (long)((reply->expires - now) / 2);
	else if (reply->expires == 0)
		return reply->age_max;
	return reply->age_max > 0 && n > reply->age_max ? reply->age_max : n;
}

/* entity-tag list: commas, white space, W/ (weak comparison suffices). */
static int
etag_listed(const char *list, const char *etag)
{
	const char *p = list;
	size_t n;

	for (;;) {
		p += strspn(p, " \t,");
		if (*p == '\0')
			return 0;
		if (*p == '*')
			return 1;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		n = strcspn(p, ", \t");
		if (n == REPLY_ETAG_LEN && memcmp(p, etag, n) == 0)
			return 1;
		p += n;
	}
}

int
reply_not_modified(const struct reply *reply, const char *if_none_match,
    const char *if_modified_since)
{
	struct tm tm;
	const char *end;

	if (!reply->store)
		return 0;
	if (if_none_match != NULL)
		return etag_listed(if_none_match, reply->etag);
	if (if_modified_since == NULL)
		return 0;
	memset(&tm, 0, sizeof(tm));
	end = strptime(if_modified_since, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end != NULL && *end == '\0' && reply->modified <= timegm(&tm);
}
