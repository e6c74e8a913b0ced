/* Whose turn it is where there is not room for all. */
#include "net/nat/turns.h"

#include "../guest/check.h"

enum { SOCKETS = 5 };

static struct turns turns = NO_TURNS;
static struct pollfd fds[SOCKETS];
static int served[SOCKETS];

/* One turn, with room for so many of those that can be read. */
static void turn(int room) {
    turns_begin(&turns, fds, SOCKETS);
    for (int i = 0; i < SOCKETS; i++)
        if (fds[i].revents & POLLIN && turns_may_read(&turns, fds[i].fd, room > 0)) {
            served[i]++;
            room--;
        }
}

static void begin(void) {
    turns = NO_TURNS;
    for (int i = 0; i < SOCKETS; i++) {
        fds[i] = (struct pollfd){.fd = 10 + i, .revents = POLLIN};
        served[i] = 0;
    }
}

static bool all_served(int times) {
    bool all = true;
    for (int i = 0; i < SOCKETS; i++)
        all = all && served[i] == times;
    return all;
}

int main(void) {
    begin();
    turn(SOCKETS);
    check("with room for all each is read", all_served(1));
    begin();
    for (int i = 0; i < 3 * SOCKETS; i++)
        turn(1);
    check("with room for one, each is read in its turn", all_served(2) || all_served(3));
    begin();
    turn(2);
    fds[2].revents = 0;
    turn(1);
    check("one that has nothing to read any more passes its turn on", served[0] == 2 && served[2] == 0);
    begin();
    turn(3);
    fds[3].fd = 99;
    turn(SOCKETS);
    check("so does one that has been closed", served[0] == 2 && served[3] == 1 && served[4] == 1);
    begin();
    turn(4);
    turn(SOCKETS);
    check("those before the one whose turn it is wait", served[4] == 1 && served[0] == 1);
    turn(SOCKETS);
    check("for the next", served[0] == 2 && served[4] == 2);
    return 0;
}
