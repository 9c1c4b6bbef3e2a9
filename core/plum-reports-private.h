/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What backends tell of their traffic and their thoughts, kept until the next turn of the loop.
 * They tell it in the midst of sending and receiving; whoever hears of it may end the backend. */

typedef struct _PlumReports PlumReports;

typedef struct
{
  const char *backend_name; /* interned */
  PlumTrafficDirection direction;
  GSocketAddress *peer;
  GBytes *bytes; /* NULL: it is a note */
  char *note;
} PlumReport;

typedef void (*PlumReportFunc) (const PlumReport *report, gpointer owner);

/* owner: a GObject, borrowed; kept alive while it is told. */
PlumReports *plum_reports_new (GMainContext *context, PlumReportFunc func, gpointer owner);
/* Nobody hears of what is kept. */
void plum_reports_free (PlumReports *self);
void plum_reports_drop (PlumReports *self);
void plum_reports_add_traffic (PlumReports *self,
                               const char *backend_name,
                               PlumTrafficDirection direction,
                               GSocketAddress *peer,
                               GBytes *bytes);
void plum_reports_add_note (PlumReports *self, const char *backend_name, const char *note);

G_END_DECLS
