/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stun-result.h"
#include "stun-transaction.h"

#define STUN_LOOKUP_MS 10000

typedef struct _StunProof StunProof;

/* Asks a STUN server where it sees a UDP port, and for an answer from another address, to which
 * this computer has sent nothing (RFC 5780 4.4). */
struct _StunProof
{
  GSocket *socket; /* bound to the port */
  guint lookup_ms; /* time limit of the name lookup */
  guint rto_ms;
  gpointer user_data;

  /* Called once, unless the proof is cleared before. */
  void (*done) (StunProof *self);
  /* Called for each step; nullable. */
  void (*note) (StunProof *self, const char *text);

  StunResult result;

  GCancellable *cancellable; /* of the lookup */
  guint deadline_id;
  char *interface_error; /* why only the interface cannot be used; nullable */
  gboolean looking_up;
  gboolean cleared;
  gboolean behind_nat; /* the server */
  StunTransaction transaction;
};

void stun_proof_start (StunProof *self, const char *server, GSocket *socket, const char *interface);
void stun_proof_clear (StunProof *self);
