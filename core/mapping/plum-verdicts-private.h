/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Texts about the verdicts of a failed attempt: a list of PlumVerdict, with the backend of the
 * highest priority first. */

/* Whether any backend applies to the network. */
gboolean plum_verdicts_apply (GListModel *verdicts);

/* All messages, for the error of the attempt. (transfer full) */
char *plum_verdicts_join (GListModel *verdicts);

/* One sentence for the user: which backend got furthest, and what to do. verdicts: (nullable).
 * (transfer full) */
char *plum_verdicts_summarize (GListModel *verdicts, const GError *error);

G_END_DECLS
