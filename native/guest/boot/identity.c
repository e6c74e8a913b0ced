#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "../../common/cleanup.h"

int identity_take(const struct bootstrap *message, struct err *err) {
    struct timespec now = {.tv_sec = (time_t)(message->wall_ns / 1000000000),
                           .tv_nsec = (long)(message->wall_ns % 1000000000)};
    if (clock_settime(CLOCK_REALTIME, &now))
        return err_errno(err, "can't set the clock");

    struct {
        struct rand_pool_info info;
        uint8_t bytes[ENTROPY_BYTES];
    } pool = {.info = {.entropy_count = ENTROPY_BYTES * 8, .buf_size = ENTROPY_BYTES}};
    memcpy(pool.info.buf, message->entropy, ENTROPY_BYTES);
    cleanup_fd int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool))
        return err_errno(err, "can't add entropy");
    /* Without this the generator keeps the template's key for up to five minutes. ENODATA: it had none yet,
     * and has just been keyed by the bytes above. */
    if (ioctl(fd, RNDRESEEDCRNG) && errno != ENODATA)
        return err_errno(err, "can't reseed");
    explicit_bzero(&pool, sizeof pool);
    return 0;
}
