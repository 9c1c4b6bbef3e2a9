/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/*
 * plum_link_check_host:
 * @network: (nullable): the network of a gateway, or %NULL if none is known
 * @address: an address
 *
 * Checks that @address can be the address of another host of the network: that it neither belongs
 * to this host nor to the gateway, and that it is on the link. Without a network, only the first is
 * checked. Asks the operating system each time, because addresses change.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT, with the rule in the message; %PLUM_ERROR_NO_GATEWAY if the
 * address is not on the link.
 */
gboolean plum_link_check_host (PlumNetwork *network, GInetAddress *address, GError **error);

/*
 * plum_link_is_down:
 * @network: a network
 *
 * Asks the operating system whether the interface of @network has no link, such as a cable. It may
 * keep its addresses and routes meanwhile.
 *
 * Returns: whether the link is down; %FALSE if that is unknown
 */
gboolean plum_link_is_down (PlumNetwork *network);

G_END_DECLS
