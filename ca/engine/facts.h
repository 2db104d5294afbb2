#ifndef INKAN_CA_ENGINE_FACTS_H
#define INKAN_CA_ENGINE_FACTS_H

#include "ca/engine/stage.h"

/*
 * The facts of an identity (ca/store/facts.h): the fields of the build that
 * neither the registry nor evidence shows, as they were when the device
 * enrolled: its maker's serial number, the CN that its secret opened, what an
 * operator set. Of what came from the registry then (for a station, an
 * operator), only that it did: it is looked up anew. A renewal passes them on.
 * DER of Fields (inkan-wire(7)).
 */

/* Of an admission that is no renewal, into ${a}->facts; nothing where it is of
   no device. 1, or 0 raised. */
int facts_make(struct admission *a);
/* Of the certificate that is renewed: ${t}->a gets the fields, and the facts
   for its successor. Nothing where none were kept. ${t}->device is looked up
   already. 1, or 0 raised. */
int facts_take(struct admitting *t, struct store_tx *tx);

#endif
