/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

typedef enum {
  UPNP_LINK_MAY_CONTACT,
  UPNP_LINK_OWN,      /* an address of this host, which is never a router */
  UPNP_LINK_OFF_LINK, /* neither the gateway nor a host on its link */
  UPNP_LINK_NO_HOST,  /* not the address of a single host, or of the other family */
  UPNP_LINK_UNKNOWN,  /* the system does not report this host's addresses at present */
} UpnpLinkVerdict;

/* What a device is to this host. is_gateway: it is the gateway of the network. */
const char *upnp_link_place (PlumNetwork *network, gboolean is_gateway);

/* Whether requests may be sent to a device at this address: only to the gateway and to hosts on its
 * link, to the loopback interface only if the gateway has a loopback address, and never to this
 * host. Reads the addresses of all interfaces on each call, because they change. */
UpnpLinkVerdict upnp_link_judge (PlumNetwork *network, GInetAddress *address);
gboolean upnp_may_contact (PlumNetwork *network, GInetAddress *address);
/* What the verdict says about the address, such as “it is not on this link”. */
const char *upnp_link_explain (UpnpLinkVerdict verdict);
/* Why no router can be searched for on this network; NULL: one can. */
const char *upnp_link_find_obstacle (PlumNetwork *network);

G_END_DECLS
