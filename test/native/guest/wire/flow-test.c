#include "../check.h"
#include "guest/wire/flow.h"
#include "protocol/protocol.h"

int main(void) {
    struct flow flow = {0};
    check("a session begins with a whole window", flow_send_room(&flow) == BL_LIMIT_WINDOW);
    flow_sent(&flow, BL_LIMIT_WINDOW);
    check("a window on the way leaves no room", flow_send_room(&flow) == 0);
    check("credit makes room", flow_credited(&flow, 100) && flow_send_room(&flow) == 100);
    check("credit for what was never sent is refused", !flow_credited(&flow, BL_LIMIT_WINDOW));
    check("a refused credit changes nothing", flow_send_room(&flow) == 100);
    check("credit that would wrap around is refused", !flow_credited(&flow, UINT32_MAX));

    check("a window of stdin is taken", flow_received(&flow, BL_LIMIT_WINDOW));
    check("a byte more is refused", !flow_received(&flow, 1));
    check("a size that would wrap around is refused", !flow_received(&flow, UINT32_MAX));
    check("small credits are gathered", flow_consumed(&flow, 1) == 0);
    uint32_t quarter = BL_LIMIT_WINDOW / 4;
    check("a quarter of the window is given back at once", flow_consumed(&flow, quarter - 1) == quarter);
    check("what was given back may come again", flow_received(&flow, quarter) && !flow_received(&flow, 1));
    check("more than is held is never given back",
          flow_consumed(&flow, UINT32_MAX) == BL_LIMIT_WINDOW && flow_consumed(&flow, quarter) == 0);
    return 0;
}
