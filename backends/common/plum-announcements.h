/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-exchange.h"

G_BEGIN_DECLS

/*
 * Hears what gateways say to all: UDP 5350 on 224.0.0.1 or ff02::1, where both NAT-PMP (RFC 6886
 * 3.2.1) and PCP (RFC 6887 14.1.1) announce a restart. Anybody on the link can forge that, so it
 * is a hint and nothing more.
 */
typedef struct _PlumAnnouncements PlumAnnouncements;

typedef void (*PlumAnnouncementFunc) (gpointer user_data);

/* func is called for an announcement with the gateway's source address. The socket is opened when
 * the context has nothing better to do, so that joining the group delays nobody's mapping. backend
 * and exchanges are borrowed. */
PlumAnnouncements *plum_announcements_new (PlumBackend *backend,
                                           PlumExchanges *exchanges,
                                           PlumAnnouncementFunc func,
                                           gpointer user_data);
void plum_announcements_free (PlumAnnouncements *self);

G_END_DECLS
