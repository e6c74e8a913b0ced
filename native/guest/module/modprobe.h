#ifndef BOXLITE_GUEST_MODPROBE_H
#define BOXLITE_GUEST_MODPROBE_H

/* What the kernel runs when it asks for a module by name or alias (request_module): loads it, and what it needs before
 * it, from the mount at ROOT_MODULES. A process of the kernel's, in the agent's root and namespaces; it looks at nothing
 * of the box's. What a module asks for while it starts comes here in turn, so soft dependencies need no look.
 * Returns an exit status: 0 when something is loaded. */
int modprobe(const char *wanted);

#endif
