import type { ReactNode } from "react";
import { plain } from "@/format";
import type { Fields } from "./schema";

const weight = (value: unknown): string => (typeof value === "number" ? plain(value) : "?");

const Var = ({ children }: { children: ReactNode }) => <var>{children}</var>;
const Tau2 = () => (
  <>
    <Var>τ</Var>
    <sup>2</sup>
  </>
);
const Rho = ({ of }: { of: string }) => (
  <>
    (1 − <Var>ρ̄</Var>
    <sub>{of}</sub>)
  </>
);
const Term = ({ by, children }: { by: unknown; children: ReactNode }) => (
  <span className="term">
    <b>{weight(by)}</b> · {children}
  </span>
);
const Where = ({ tau }: { tau: unknown }) => (
  <span className="term where">
    <Var>τ</Var> = <b>{weight(tau)}</b>
  </span>
);

/** The loss as it is computed, with the numbers chosen; nothing for a loss that this page does not know. */
export function Formula({ loss }: { loss: Fields }) {
  const { kind, alpha, beta, gamma, temperature } = loss;
  const a = weight(alpha);
  const b = weight(beta);
  const tau = weight(temperature);
  if (kind === "task") {
    return (
      <Line said={`L = ${a} times CE`}>
        <Term by={alpha}>CE</Term>
      </Line>
    );
  }
  if (kind === "dist") {
    const said = `L = ${a} times CE + ${b} times tau squared times (1 - mean correlation of rows) + ${weight(gamma)} times tau squared times (1 - mean correlation of columns), tau = ${tau}`;
    return (
      <Line said={said}>
        <Term by={alpha}>CE</Term>
        <span className="op">+</span>
        <Term by={beta}>
          <Tau2 /> <Rho of="rows" />
        </Term>
        <span className="op">+</span>
        <Term by={gamma}>
          <Tau2 /> <Rho of="columns" />
        </Term>
        <Where tau={temperature} />
      </Line>
    );
  }
  if (kind === "kd") {
    return (
      <Line
        said={`L = ${a} times CE + ${b} times tau squared times KL(teacher, student), both softened by tau = ${tau}`}
      >
        <Term by={alpha}>CE</Term>
        <span className="op">+</span>
        <Term by={beta}>
          <Tau2 /> KL(<Var>p</Var>
          <sub>teacher</sub>
          <i className="bars"> ‖ </i>
          <Var>p</Var>
          <sub>student</sub>)
        </Term>
        <Where tau={temperature} />
      </Line>
    );
  }
  return null;
}

const Line = ({ said, children }: { said: string; children: ReactNode }) => (
  <div className="formula" role="math" aria-label={said}>
    <span className="term">
      <Var>L</Var> =
    </span>
    {children}
  </div>
);
