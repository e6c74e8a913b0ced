/* What of the jail this host gives, as far as looking tells. */
#ifndef BOXLITE_SHIM_JAIL_CHECK_WALLS_H
#define BOXLITE_SHIM_JAIL_CHECK_WALLS_H

/* Prints a line each: the wall, "yes" or "no", and what there is of it or why there is none. Returns 0. */
int print_walls_check(void);

#endif
