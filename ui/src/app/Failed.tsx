import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { loadAnewWhereMissing } from "./missing";

/** A page that could not be shown. */
export function Failed({ error }: { readonly error: unknown }) {
  useEffect(() => loadAnewWhereMissing(error), [error]);
  return (
    <Page title="This page cannot be shown">
      <Trouble error={error instanceof Error ? error : new Error(String(error))} action={<Link to="/">Go to the first page</Link>} />
    </Page>
  );
}
