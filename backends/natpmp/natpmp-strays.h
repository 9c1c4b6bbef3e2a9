/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How many answers may still come to requests with one opcode that are no longer pending: those
 * that were sent more often than they were answered. While there are any, an answer that does not
 * repeat its request may be one of them. Times are arguments, in microseconds. Valid with all
 * members zero.
 */
typedef struct
{
  guint n;
  gint64 until;
} NatpmpStrays;

/* A request is no longer pending, after so many sends. */
void natpmp_strays_add (NatpmpStrays *self, guint n_sent, gint64 now);
/* An answer has come, to any request. */
void natpmp_strays_take (NatpmpStrays *self);
gboolean natpmp_strays_may_come (const NatpmpStrays *self, gint64 now);

G_END_DECLS
