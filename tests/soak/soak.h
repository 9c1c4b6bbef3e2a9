/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* A day in the life of 200 mappings, on a clock that the test moves: a router with a bad
 * character, and what that costs. The faults come from a seed (PLUM_SOAK_SEED, else fixed ones),
 * which is printed. What differs between the backends is the router. */

#define SOAK_N_MAPPINGS 200
#define SOAK_MINUTE G_GINT64_CONSTANT (60000)
#define SOAK_HOUR (60 * SOAK_MINUTE)

typedef struct _Soak Soak;

typedef struct
{
  const char *name;
  /* It ends by itself, or when the router's end_fault is called. */
  void (*begin) (Soak *soak, gpointer router);
} SoakFault;

typedef struct
{
  const char *name; /* of the backend that is tested with it */
  GType (*get_type) (void);
  guint recheck_period; /* ms; 0: as the manager has it */
  guint n_seeds;        /* that are tried if none is given */

  const SoakFault *faults;
  guint n_faults;

  gpointer (*make) (const char *address);
  void (*free) (gpointer router);
  void (*end_fault) (gpointer router);
  /* The external port in the router's table, 0 if it has no such mapping. */
  guint (*look_up) (gpointer router, PlumMapping *mapping);
  guint (*count_mappings) (gpointer router);
  /* What has been sent to it. */
  guint (*count_requests) (gpointer router);
} SoakRouter;

void soak_add_test (const SoakRouter *router);

/* -- For faults -- */

int soak_random (Soak *soak, int begin, int end);
PlumMapping *soak_random_mapping (Soak *soak);
/* Another length than some minutes. */
void soak_set_fault_length (Soak *soak, gint64 ms);
/* What was lost has to be asked for again: so many requests are no waste. */
void soak_allow (Soak *soak, guint n_requests);
/* The network has another router from now on, at another address. The former one is gone. */
gpointer soak_next_router (Soak *soak);

G_END_DECLS
