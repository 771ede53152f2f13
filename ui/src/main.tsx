import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/app.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { setNonce } from "get-nonce";

import { watchEscape } from "./app/escape";
import { readNonce } from "./app/nonce";
import { queryClient } from "./app/queries";
import { router } from "./app/router";
import { resolveVariables, theme } from "./app/theme";

setNonce(readNonce());
watchEscape();

const place = document.getElementById("root");
if (place === null) throw new Error("the page has no #root");

createRoot(place).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      getStyleNonce={readNonce}
    >
      <Notifications position="bottom-right" autoClose={6000} limit={4} />
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
