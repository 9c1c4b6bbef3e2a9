/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "test-loop.h"

G_BEGIN_DECLS

#define ADVERSARY_NET "127.81.0"

/* A running manager with one mapping. */
typedef struct
{
  TestLoop loop;
  PlumManager *manager;
  PlumMapping *mapping;
  GCallback traffic; /* (nullable) */
  gpointer traffic_data;
  gboolean keeps_mapping; /* the router still lists the mapping after the delete */
  gboolean may_leave;     /* the router of the mapping is no longer used, and may keep it */
  guint n_changes;        /* of the mapping, after adversary_expect_no_change () */
} Adversary;

void adversary_set_up (Adversary *self, const char *gateway);
/* Closes the manager. Asserts that the mapping is deleted, unless the router keeps it, that the
 * manager is finalized, and that no unexpected change was reported. */
void adversary_tear_down (Adversary *self);
/* func: a handler of PlumGateway::traffic, for every gateway. */
void adversary_watch_traffic (Adversary *self, GCallback func, gpointer user_data);
void adversary_add_mapping (Adversary *self, guint port);
gboolean adversary_is_up (Adversary *self);
/* From now on a change of the mapping's state, port, address or error fails the test. */
void adversary_expect_no_change (Adversary *self);

GSocket *adversary_socket_new (const char *host, guint16 port);
void adversary_send (GSocket *from, GSocketAddress *to, GBytes *bytes);

G_END_DECLS
