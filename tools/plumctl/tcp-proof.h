/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#define TCP_PROOF_TOKEN_SIZE 16
#define TCP_PROOF_MAX_CONNECTIONS 8

typedef struct _TcpProof TcpProof;

/* Connects to the external endpoint of a mapping from the inside. If the connection arrives at the
 * mapped port, the router forwards it. If it does not, nothing is proven: many routers do not
 * forward from the inside. */
struct _TcpProof
{
  guint wait_ms;
  gpointer user_data;

  /* Called once, unless the proof is cleared before. */
  void (*done) (TcpProof *self);

  gboolean arrived;

  GSocket *listener;
  GSocket *outgoing;
  GSource *listener_source;
  GSource *outgoing_source;
  GPtrArray *incoming; /* of GSource, each for a connection */
  guint deadline_id;
  guint8 token[TCP_PROOF_TOKEN_SIZE]; /* random: other hosts may connect as well */
};

/* FALSE: such a connection would not pass the router, or cannot be made; done() is not called.
 * @listener: bound to the mapped port. */
gboolean tcp_proof_start (TcpProof *self,
                          GSocket *listener,
                          GInetAddress *local,
                          const char *external_host,
                          guint external_port);
void tcp_proof_clear (TcpProof *self);
