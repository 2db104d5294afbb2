#include <stdint.h>
#include "profiles/error.h"
#include "profiles/weak.h"

#define SMALL_FACTOR 752
#define ROCA_LAST 167	/* of the primes whose residues are looked at */
#define ROCA_GENERATOR 65537
#define FERMAT_STEPS 100

static int
refuse(const char *text)
{
	profile_raise(PROFILE_E_BADREQUEST, "%s", text);
	return 0;
}

static int
broken(void)
{
	profile_raise(PROFILE_E_INTERNAL, "key.rsa: cannot be looked at");
	return 0;
}

static int
is_prime(unsigned n)
{
	unsigned d;

	for (d = 2; d * d <= n; d++)
		if (n % d == 0)
			return 0;
	return 1;
}

/* Is ${residue} a power of 65537 modulo ${prime}? */
static int
is_power(unsigned residue, unsigned prime)
{
	unsigned g = ROCA_GENERATOR % prime, x = 1;

	do {
		if (x == residue)
			return 1;
		x = x * g % prime;
	} while (x != 1);
	return 0;
}

/* One walk over the small primes: does one divide it, and does each residue look
   like those of that library? */
static int
check_residues(const BIGNUM *n)
{
	unsigned p, residue, looks = 1;
	BN_ULONG r;

	for (p = 3; p < SMALL_FACTOR; p += 2) {
		if (!is_prime(p))
			continue;
		if ((r = BN_mod_word(n, p)) == (BN_ULONG)-1)
			return broken();
		if (r == 0)
			return refuse("key.rsa.small_factor: the modulus has a "
			    "prime factor below 752");
		residue = (unsigned)r;
		if (p <= ROCA_LAST && looks)
			looks = (unsigned)is_power(residue, p);
	}
	return !looks || refuse("key.rsa.roca: the modulus has the form of "
	    "CVE-2017-15361, which can be factored");
}

/* floor(sqrt(n)) by Newton's method, from above. */
static int
square_root(BIGNUM *out, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next;
	int ok;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	ok = next != NULL && BN_set_word(out, 1) &&
	    BN_lshift(out, out, (BN_num_bits(n) + 1) / 2);
	while (ok && (ok = BN_div(next, NULL, n, out, ctx) &&
	    BN_add(next, next, out) && BN_rshift1(next, next)) &&
	    BN_cmp(next, out) < 0)
		ok = BN_copy(out, next) != NULL;
	BN_CTX_end(ctx);
	return ok;
}

/* 1 it is, 0 it is not, -1 no memory. Squares have 12 of 64 last six bits. */
static int
is_square(const BIGNUM *n, BIGNUM *root, BIGNUM *square, BN_CTX *ctx)
{
	static const uint64_t endings = UINT64_C(0x0202021202030213);

	if (!(endings >> BN_mod_word(n, 64) & 1))
		return 0;
	if (!square_root(root, n, ctx) || !BN_sqr(square, root, ctx))
		return -1;
	return BN_cmp(square, n) == 0;
}

struct fermat {
	BIGNUM *a, *rest, *root, *square;
};

/* From a = ceil(sqrt(n)) on: is a^2 - n a square? Then n = (a - b)(a + b). */
static int
walk(const struct fermat *f, const BIGNUM *n, BN_CTX *ctx)
{
	int i, found = 0;

	if (!square_root(f->a, n, ctx) || !BN_sqr(f->square, f->a, ctx))
		return -1;
	if (BN_cmp(f->square, n) == 0)
		return 1;
	if (!BN_add_word(f->a, 1) || !BN_sqr(f->rest, f->a, ctx) ||
	    !BN_sub(f->rest, f->rest, n))
		return -1;
	for (i = 0; i < FERMAT_STEPS; i++) {
		found = is_square(f->rest, f->root, f->square, ctx);
		if (found != 0)
			break;
		/* (a + 1)^2 = a^2 + 2a + 1 */
		if (!BN_add(f->rest, f->rest, f->a) ||
		    !BN_add_word(f->a, 1) ||
		    !BN_add(f->rest, f->rest, f->a))
			return -1;
	}
	return found;
}

static int
check_distance(const BIGNUM *n)
{
	BN_CTX *ctx = BN_CTX_new();
	struct fermat f;
	int found = -1;

	if (ctx == NULL)
		return broken();
	BN_CTX_start(ctx);
	f.a = BN_CTX_get(ctx);
	f.rest = BN_CTX_get(ctx);
	f.root = BN_CTX_get(ctx);
	f.square = BN_CTX_get(ctx);
	if (f.square != NULL)
		found = walk(&f, n, ctx);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	if (found < 0)
		return broken();
	return !found || refuse("key.rsa.close_primes: the two primes are so "
	    "close to each other that the modulus can be factored");
}

int
weak_rsa_check(const BIGNUM *n)
{
	return check_residues(n) && check_distance(n);
}
