/* What ps(1) shows of this process. */
#ifndef BOXLITE_SHIM_SYSTEM_TITLE_H
#define BOXLITE_SHIM_SYSTEM_TITLE_H

/* Of main, whose arguments it changes. */
void title_open(int argc, char **argv);
/* Another program's name; the other arguments stay. A name that does not fit is left out. */
void title_set(const char *program);

#endif
