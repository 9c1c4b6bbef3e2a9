/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Room for the text of any address. */
#define UPNP_HOST_SIZE 46

/* The hosts of an entry or a pinhole that are not the usual ones. */
typedef struct
{
  char client[UPNP_HOST_SIZE]; /* another internal host; "": this host */
  char remote[UPNP_HOST_SIZE]; /* the only remote host that may connect; "": all */
} UpnpHosts;

/* FALSE: the request is for a network of remote hosts or for several ones, which UPnP cannot
 * express. */
gboolean upnp_hosts_fill (UpnpHosts *self, PlumRequest *request);
gboolean upnp_hosts_equal (const UpnpHosts *self, const UpnpHosts *other);
/* Whether the entry leads to another host, or is open to one remote host only. */
gboolean upnp_hosts_has_client (const UpnpHosts *self);
gboolean upnp_hosts_has_remote (const UpnpHosts *self);
/* The internal host in an entry. local_address: (nullable): this end of the connection. */
const char *upnp_hosts_get_client (const UpnpHosts *self, const char *local_address);
/* For a request; NULL: this end of the connection. */
const char *upnp_hosts_get_other_client (const UpnpHosts *self);
/* For a request; NULL: all. */
const char *upnp_hosts_get_remote (const UpnpHosts *self);
/* Whether a router's text means the remote host, however it writes the address. text: (nullable) */
gboolean upnp_hosts_is_remote (const UpnpHosts *self, const char *text);

G_END_DECLS
