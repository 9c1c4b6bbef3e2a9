/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-exchange.h"

G_BEGIN_DECLS

/*
 * Listens on UDP port 5350 of 224.0.0.1 or ff02::1, where gateways announce a restart by NAT-PMP
 * (RFC 6886 3.2.1) and PCP (RFC 6887 14.1). Any host on the link can forge an announcement, so it
 * is only a hint.
 */
typedef struct _PlumAnnouncements PlumAnnouncements;

typedef void (*PlumAnnouncementFunc) (gpointer user_data);

/* Calls func for announcements from the gateway's address. The socket is opened in an idle source,
 * so that joining the group does not delay a mapping. backend and exchanges are borrowed. */
PlumAnnouncements *plum_announcements_new (PlumBackend *backend,
                                           PlumExchanges *exchanges,
                                           PlumAnnouncementFunc func,
                                           gpointer user_data);
void plum_announcements_free (PlumAnnouncements *self);

G_END_DECLS
