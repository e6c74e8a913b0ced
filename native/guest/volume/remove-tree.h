#ifndef BOXLITE_GUEST_REMOVE_TREE_H
#define BOXLITE_GUEST_REMOVE_TREE_H

#include "../../common/err.h"

/* Removes what `name` is in the directory, and all below it; no link is followed. What is not there is fine. */
int remove_tree(int directory, const char *name, struct err *err);

#endif
