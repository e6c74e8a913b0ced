#include "quiet.h"

static void ignore_error(const char *message, void *opaque);
static void *new_timer(SlirpTimerCb callback, void *of_callback, void *opaque);
static void free_timer(void *timer, void *opaque);
static void set_timer(void *timer, int64_t expires_ms, void *opaque);
static void ignore_fd(int fd, void *opaque);
static void ignore_notice(void *opaque);

void quiet_callbacks(SlirpCb *callbacks) {
    callbacks->guest_error = ignore_error;
    callbacks->timer_new = new_timer;
    callbacks->timer_free = free_timer;
    callbacks->timer_mod = set_timer;
    callbacks->register_poll_fd = ignore_fd;
    callbacks->unregister_poll_fd = ignore_fd;
    callbacks->notify = ignore_notice;
}

static void ignore_error(const char *message, void *opaque) {
    (void)message;
    (void)opaque;
}

/* Its one timer announces the router again and again. Boxes have their addresses and routes already, and an idle
 * network is to sleep. */
static void *new_timer(SlirpTimerCb callback, void *of_callback, void *opaque) {
    (void)callback;
    (void)of_callback;
    return opaque;
}

static void free_timer(void *timer, void *opaque) {
    (void)timer;
    (void)opaque;
}

static void set_timer(void *timer, int64_t expires_ms, void *opaque) {
    (void)timer;
    (void)expires_ms;
    (void)opaque;
}

static void ignore_fd(int fd, void *opaque) {
    (void)fd;
    (void)opaque;
}

static void ignore_notice(void *opaque) { (void)opaque; }
