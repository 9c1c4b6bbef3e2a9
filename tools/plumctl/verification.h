/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "mapping-set.h"
#include "stun-proof.h"

#define VERIFICATION_MAX_PORTS 16 /* that are tested at the same time */

typedef struct _Verification Verification;

/* Tests the mapped UDP ports of a set with a STUN server. Each is bound during the test, unless a
 * program uses it: such a port is left alone, and the result is unknown. */
struct _Verification
{
  MappingSet *set;
  gpointer user_data;

  /* Called for each port, when its result is known. */
  void (*verified) (Verification *self, PlumMapping *mapping);
  /* Called once, after all ports, unless the verification is cleared before. */
  void (*done) (Verification *self);

  GPtrArray *jobs;
  guint n_open;
};

/* Whether the ports can be tested. If not, reports the reason. */
gboolean verification_check (MappingSet *set);
void verification_start (Verification *self);
void verification_clear (Verification *self);
