/* boxlite-hub: the switch of a named network. Its descriptor 3 listens for the network's boxes; it has no other way out
 * than their connections, and ends with the last. Its first argument is the user to become, if there is one. See
 * native/README.md. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../common/hub-wire.h"
#include "../jail/jail.h"
#include "filter.h"
#include "hub.h"

int main(int argc, char **argv) {
    struct err err;
    uint32_t user = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : JAIL_SAME_USER;
    prctl(PR_SET_NAME, "boxlite-hub");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    if (jail_enter(&hub_jail, user, &err)) {
        fprintf(stderr, "boxlite-hub: %s\n", err.msg);
        return 1;
    }
    if (user != JAIL_SAME_USER)
        close(HUB_USER_FD);
    hub_run(HUB_LISTEN_FD);
    return 0;
}
