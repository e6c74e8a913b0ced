/* The agent's complaints go to the kernel console, whose end the host keeps; nothing else is printed. */
#ifndef BOXLITE_GUEST_CONSOLE_H
#define BOXLITE_GUEST_CONSOLE_H

void console_open(void);
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
