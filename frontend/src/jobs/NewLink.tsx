import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";

/** The way to the page on which a distillation is asked for. */
export const NewLink = () => (
  <Link to="/jobs/new" search={{}} className="button primary">
    <Plus size={16} aria-hidden />
    New distillation
  </Link>
);
