/* What would wake an idle machine, and with it its VMM. */
#ifndef BOXLITE_GUEST_IDLE_H
#define BOXLITE_GUEST_IDLE_H

/* Turns off what nobody needs in a machine of one box. What can't be turned off costs time and nothing else. */
void idle_prepare(void);

#endif
