/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tests of libplum-service. The router runs in a process of its own. */

#pragma once

#include <glib.h>
#include <plum-service/plum-service.h>
#include <pthread.h>

#define DEADLINE_MS 10000 /* reached only if a test fails */

typedef struct
{
  char address[32];
  GPid pid;
  int to, from;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  PlumServiceMapping last; /* the last report */
  int n_reports;
  int n_in_state[5]; /* reports by state */
} ServiceFixture;

void service_fixture_set_up (ServiceFixture *fixture, gconstpointer data);
void service_fixture_tear_down (ServiceFixture *fixture, gconstpointer data);
/* Sends a command to the router. Returns the number of its mappings. */
int service_fixture_router (ServiceFixture *fixture, const char *command);

/* backend: (nullable): the only one, instead of PCP */
PlumService *service_fixture_new (ServiceFixture *fixture, const char *backend);
/* A request for TCP port 8080 that reports to the fixture. */
PlumServiceRequest service_fixture_request (ServiceFixture *fixture);
/* Waits until n reports with this state have come. */
void service_fixture_wait (ServiceFixture *fixture, PlumServiceState state, int n);
PlumServiceMapping service_fixture_query (PlumService *service, int id);
