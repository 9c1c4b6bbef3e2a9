/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-proof.h"

static void
close_one (DoctorProof *self)
{
  if (--self->n_open == 0)
    self->done (self);
}

static void
on_tcp_done (TcpProof *tcp)
{
  close_one (tcp->user_data);
}

static void
on_stun_done (StunProof *stun)
{
  DoctorProof *self = stun->user_data;

  self->stun_done = TRUE;
  close_one (self);
}

static void
on_stun_note (StunProof *stun, const char *text)
{
  DoctorProof *self = stun->user_data;

  if (self->note != NULL)
    self->note (self, text);
}

gboolean
doctor_proof_start (DoctorProof *self,
                    PlumGateway *gateway,
                    const DoctorProofMapping *tcp,
                    const DoctorProofMapping *udp)
{
  GInetAddress *local = plum_gateway_get_local_address (gateway);

  self->tcp = (TcpProof){
    .wait_ms = DOCTOR_TCP_WAIT_MS,
    .done = on_tcp_done,
    .user_data = self,
  };
  self->stun = (StunProof){
    .lookup_ms = STUN_LOOKUP_MS,
    .rto_ms = STUN_RTO_MS,
    .done = on_stun_done,
    .note = on_stun_note,
    .user_data = self,
  };

  self->tcp_tried =
    tcp != NULL && tcp_proof_start (&self->tcp, tcp->socket, local, tcp->host, tcp->port);
  if (self->tcp_tried)
    self->n_open++;
  if (udp != NULL && self->server != NULL)
    {
      stun_proof_start (&self->stun, self->server, udp->socket,
                        plum_gateway_get_interface (gateway));
      self->n_open++;
    }

  return self->n_open > 0;
}

void
doctor_proof_clear (DoctorProof *self)
{
  tcp_proof_clear (&self->tcp);
  stun_proof_clear (&self->stun);
}

const StunResult *
doctor_proof_get_stun (const DoctorProof *self)
{
  return self->stun_done ? &self->stun.result : NULL;
}
