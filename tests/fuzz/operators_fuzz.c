/* operators_compile, through policy_compile: any text as operators.conf. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ca/engine/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct operators *o)
{
	struct socket_peer peer = {.uid = 1000, .gid = 1000};
	char roles[40];
	size_t i;

	if (o == NULL || o->n > OPERATORS_MAX || o->lifetime < 1 ||
	    operators_highest(o) > OPERATORS_NUMBER_MAX ||
	    operators_approvers(o, OPERATOR_ALL) > o->n)
		abort();
	operators_print_roles(operators_roles(o, &peer), roles);
	for (i = 0; i < o->n; i++)
		if (operators_by_uid(o, o->item[i].uid) != &o->item[i])
			abort(); /* one person counts once */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_file file = {.path = OPERATORS_PATH, .len = size};
	struct policy *p;

	file.text = malloc(size + 1);
	if (file.text == NULL)
		return 0;
	memcpy(file.text, data, size);
	file.text[size] = '\0';
	p = policy_compile(&file, 1);
	if (p != NULL)
		look(p->operators);
	policy_put(p);
	free(file.text);
	ERR_clear_error();
	return 0;
}
