/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A call that waits for an operation on a set. */
typedef struct _PcpSetCall PcpSetCall;

typedef void (*PcpSetCallFunc) (PcpSetCall *wish, gpointer user_data);

struct _PcpSetCall
{
  PlumCall *call;
  guint internal_port;
  gboolean is_new; /* core did not use the port before */
  /* The call was cancelled: the function removes and frees this. */
  PcpSetCallFunc cancelled;
  gpointer user_data;
  gulong cancel_id;
};

PcpSetCall *pcp_set_call_new (PlumCall *call, guint internal_port, gboolean is_new);
void pcp_set_call_free (gpointer data);
/* Sets what happens if the call is cancelled; replaces an earlier function. */
void pcp_set_call_set_cancelled (PcpSetCall *self, PcpSetCallFunc cancelled, gpointer user_data);
/* Nothing happens any more if the calls are cancelled. calls: (element-type PcpSetCall) */
void pcp_set_calls_disconnect (GPtrArray *calls);

G_END_DECLS
