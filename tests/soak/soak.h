/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Simulates a day of 200 mappings on a manual clock, with a router that has random faults, and
 * counts the requests that the library sends. The seed of the faults is in PLUM_SOAK_SEED, or
 * fixed, and is printed. */

#define SOAK_N_MAPPINGS 200
#define SOAK_MINUTE G_GINT64_CONSTANT (60000)
#define SOAK_HOUR (60 * SOAK_MINUTE)

typedef struct _Soak Soak;

typedef struct
{
  const char *name;
  /* The fault ends by itself, or when end_fault () of the router is called. */
  void (*begin) (Soak *soak, gpointer router);
} SoakFault;

typedef struct
{
  const char *name; /* name of the backend */
  GType (*get_type) (void);
  guint recheck_period; /* in ms; 0: the default of the manager */
  guint n_seeds;        /* number of seeds to use if none is set */

  const SoakFault *faults;
  guint n_faults;

  gpointer (*make) (const char *address);
  void (*free) (gpointer router);
  void (*end_fault) (gpointer router);
  /* Returns the external port in the table of the router, or 0 if it has no such mapping. */
  guint (*look_up) (gpointer router, PlumMapping *mapping);
  guint (*count_mappings) (gpointer router);
  /* Returns the number of requests that the router received. */
  guint (*count_requests) (gpointer router);
} SoakRouter;

void soak_add_test (const SoakRouter *router);

/* For faults */

int soak_random (Soak *soak, int begin, int end);
PlumMapping *soak_random_mapping (Soak *soak);
/* Sets the duration of the fault. The default is some minutes. */
void soak_set_fault_length (Soak *soak, gint64 ms);
/* Allows additional requests, which recover lost mappings. */
void soak_allow (Soak *soak, guint n_requests);
/* Replaces the router by another one with a new address. */
gpointer soak_next_router (Soak *soak);

G_END_DECLS
