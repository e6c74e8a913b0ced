#ifndef BOXLITE_GUEST_IDENTITY_H
#define BOXLITE_GUEST_IDENTITY_H

#include "../wire/message.h"

/* Makes this VM differ from every other that started from its template: wall clock and randomness.
 * Nothing of the user's may run, and no random byte be drawn, before it. */
int identity_take(const struct bootstrap *message, struct err *err);

#endif
