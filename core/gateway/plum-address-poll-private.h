/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-clock-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* When to ask a router for its external address that does not announce a new one: every minute
 * while mappings are held, but not on a metered network. Without a mapping, no timer runs. */
typedef struct _PlumAddressPoll PlumAddressPoll;

typedef void (*PlumAddressPollFunc) (gpointer user_data);

/* clock: borrowed. */
PlumAddressPoll *plum_address_poll_new (PlumClock *clock,
                                        PlumSignalQueue *signals,
                                        PlumAddressPollFunc func,
                                        gpointer user_data);
void plum_address_poll_free (PlumAddressPoll *self);

/* A mapping that needs the poll is held, or no longer held. */
void plum_address_poll_hold (PlumAddressPoll *self);
void plum_address_poll_release (PlumAddressPoll *self);
/* The address was asked for in another way: waits for a whole period from now. */
void plum_address_poll_restart (PlumAddressPoll *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumAddressPoll, plum_address_poll_free)

G_END_DECLS
