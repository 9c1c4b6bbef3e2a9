/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A game with a loop of its own. The callback passes the changes to the loop in a queue. */

#include <plum-service/plum-service.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>

namespace {

volatile std::sig_atomic_t interrupted = 0;

class Events
{
public:
  void push (const PlumServiceMapping &mapping)
  {
    std::lock_guard<std::mutex> guard (mutex);
    queue.push (mapping);
  }

  bool pop (PlumServiceMapping &mapping)
  {
    std::lock_guard<std::mutex> guard (mutex);
    if (queue.empty ())
      return false;
    mapping = queue.front ();
    queue.pop ();
    return true;
  }

private:
  std::mutex mutex;
  std::queue<PlumServiceMapping> queue;
};

void
show (const PlumServiceMapping &mapping)
{
  if (mapping.state == PLUM_SERVICE_SUCCESS)
    std::cout << "Mapped at "
              << (*mapping.external_host ? mapping.external_host : "an unknown address")
              << ", port " << mapping.external_port << std::endl;
  else if (mapping.error != PLUM_SERVICE_OK)
    std::cout << "Not mapped: " << mapping.error_text << std::endl;
}

}

int
main ()
{
  Events events;
  PlumServiceConfig config;
  plum_service_config_init (&config, sizeof config);
  config.application_name = "Example"; /* in the mapping table of the router */
  std::unique_ptr<PlumService, decltype (&plum_service_free)> service (
    plum_service_new (&config, nullptr), plum_service_free);
  PlumServiceRequest request;
  PlumServiceMapping mapping;

  std::signal (SIGINT, [] (int) { interrupted = 1; });

  plum_service_request_init (&request, sizeof request);
  request.protocol = PLUM_SERVICE_TCP;
  request.internal_port = 8080;
  request.callback = [] (PlumService *, const PlumServiceMapping *changed, void *data) {
    static_cast<Events *> (data)->push (*changed);
  };
  request.callback_data = &events;
  plum_service_map (service.get (), &request);

  while (!interrupted)
    {
      while (events.pop (mapping))
        show (mapping);
      std::this_thread::sleep_for (std::chrono::milliseconds (16)); /* a frame */
    }
}
