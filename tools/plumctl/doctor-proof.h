/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "stun-proof.h"
#include "tcp-proof.h"

#include <plum-glib/plum-glib.h>

#define DOCTOR_TCP_WAIT_MS 2000 /* the second SYN is sent after one second */

typedef struct _DoctorProof DoctorProof;

/* What shows, beyond the answers of the router, whether the trial mappings forward packets. */
struct _DoctorProof
{
  const char *server; /* STUN; NULL: none */
  gpointer user_data;

  /* Called once, unless the proof is cleared before. */
  void (*done) (DoctorProof *self);
  /* Called for each step with the STUN server; nullable. */
  void (*note) (DoctorProof *self, const char *text);

  TcpProof tcp;
  gboolean tcp_tried;
  StunProof stun;
  gboolean stun_done;
  guint n_open;
};

/* A mapping of the trial. */
typedef struct
{
  GSocket *socket;  /* bound to the internal port */
  const char *host; /* external; nullable */
  guint port;
} DoctorProofMapping;

/* FALSE: there is nothing to do, and done() is not called. A mapping is NULL if the port is not
 * mapped. */
gboolean doctor_proof_start (DoctorProof *self,
                             PlumGateway *gateway,
                             const DoctorProofMapping *tcp,
                             const DoctorProofMapping *udp);
void doctor_proof_clear (DoctorProof *self);
/* NULL: no STUN server was asked. */
const StunResult *doctor_proof_get_stun (const DoctorProof *self);
