#include "config-link.h"

#include <errno.h>
#include <string.h>

static void take_text(struct decoder *d, const char *name, char *to, uint32_t most);
static bool is_id(const char *text);

void config_network_take(struct decoder *d, char network[NETWORK_ID_BYTES + 1]) {
    take_text(d, "links.network", network, NETWORK_ID_BYTES);
}

void config_link_take(struct decoder *d, struct link_config *link) {
    config_network_take(d, link->network);
    link->prefix = rd_u32(&d->rd);
    link->prefix_length = rd_u8(&d->rd);
    link->address = rd_u32(&d->rd);
    decoder_exact(d, "links.prefix6", &link->prefix6, sizeof link->prefix6);
    decoder_exact(d, "links.address6", &link->address6, sizeof link->address6);
    take_text(d, "links.names", link->names, HUB_NAMES_BYTES);
}

/* It outlives the message. */
static void take_text(struct decoder *d, const char *name, char *to, uint32_t most) {
    const uint8_t *bytes;
    uint32_t size;
    rd_bytes(&d->rd, &bytes, &size);
    if (d->rd.bad || d->failed)
        return;
    if (size <= most && !memchr(bytes, 0, size)) {
        memcpy(to, bytes, size);
        to[size] = 0;
        return;
    }
    d->failed = true;
    err_set(d->err, EINVAL, "configuration: %s has %u bytes, or a NUL among them", name, size);
}

int config_link_check(const struct link_config *link, struct err *err) {
    if (!is_id(link->network))
        return err_set(err, EINVAL, "configuration: a link to no network");
    if (link->prefix_length < 8 || link->prefix_length > 30 ||
        (link->address ^ link->prefix) >> (32 - link->prefix_length) != 0 ||
        memcmp(&link->address6, &link->prefix6, 8) != 0)
        return err_set(err, EINVAL, "configuration: network %.12s does not have the box's addresses", link->network);
    return 0;
}

/* It becomes a directory's name. */
static bool is_id(const char *text) {
    size_t size = strspn(text, "0123456789abcdef");
    return size && !text[size];
}
