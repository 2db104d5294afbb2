#ifndef INKAN_PROFILES_WEAK_H
#define INKAN_PROFILES_WEAK_H

#include <openssl/bn.h>

/*
 * RSA moduli that can be factored although they are long enough:
 *
 * - made by a library of Infineon (ROCA, CVE-2017-15361): the primes are of the
 *   form k * M + (65537^a mod M), which the modulus shows (rule "key.rsa.roca");
 *   one in 2^27 others looks the same and is refused too;
 * - of two primes that are close to each other, which Fermat's method finds
 *   (CVE-2022-26320; "key.rsa.close_primes"): 100 steps of it are made;
 * - with a prime factor below 752 (NIST SP 800-89, 5.3.3;
 *   "key.rsa.small_factor").
 *
 * Not checked: keys of a broken random generator (Debian 2008), and primes that
 * two keys share. Both need a list of other keys: inkan-ca refuses keys that it
 * was told to block.
 */

/* ${n} is odd and of 1024 bits or more. 1, or 0 with PROFILE_E_BADREQUEST and
   the rule raised. */
int weak_rsa_check(const BIGNUM *n);

#endif
