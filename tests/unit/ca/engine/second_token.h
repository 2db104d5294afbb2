#ifndef TESTS_UNIT_CA_ENGINE_SECOND_TOKEN_H
#define TESTS_UNIT_CA_ENGINE_SECOND_TOKEN_H

#include "tests/unit/ca/engine/world.h"

/* "hsm2", a second token in the folder of the first; the CA is opened anew. */
static void
second_token(struct world *w)
{
	char path[300];
	FILE *f;

	world_sh("cd %s && umask 077 && echo 4321 >second.pin && "
	    "SOFTHSM2_CONF=ca.conf softhsm2-util --init-token --free --label "
	    "second --so-pin 12345678 --pin 4321 >/dev/null", w->dir);
	snprintf(path, sizeof(path), "%s/engine.conf", w->dir);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("tokens = ( { name = \"hsm2\"; uri = \"pkcs11:token=second\"; "
	    "softhsm_conf = \"ca.conf\";\n module = "
	    "\"/usr/lib/softhsm/libsofthsm2.so\"; pin_file = \"second.pin\"; "
	    "} );\n", f);
	assert_int_equal(fclose(f), 0);
	ca_close(w->ca);
	settings_free(w->settings);
	w->settings = settings_read(path);
	assert_non_null(w->settings);
	w->ca = ca_open(w->settings, w->now);
	if (w->ca == NULL)
		report_fatal("ca_open");
	assert_non_null(w->ca);
}

#endif
